// Components and hooks: Preact with htm instead of JSX, so that no build step is needed. Import them
// only from here: no other file knows where the library is.

export {
  html,
  render,
  createContext,
  useCallback,
  useContext,
  useEffect,
  useErrorBoundary,
  useLayoutEffect,
  useMemo,
  useReducer,
  useRef,
  useState,
} from "../preact-htm-3.1.1/standalone.mjs";
