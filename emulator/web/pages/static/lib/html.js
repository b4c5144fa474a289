// Components and hooks: Preact with htm instead of JSX, so that no build step is needed.
// Import them from here alone: this is the only file that knows where the library stands.

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
