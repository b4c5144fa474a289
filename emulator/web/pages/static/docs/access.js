// Access: what Swagger UI's parts lack for people who use a keyboard or a screen reader.

// A plugin of Swagger UI: its components by name, each wrapped in one of ours.
export function access({ React }) {
  const element = React.createElement;
  return {
    wrapComponents: {
      // The page's head says what the document is called.
      InfoContainer: () => () => null,
      // There is one server: this one.
      ServersContainer: () => () => null,
      // A link inside of the button that opens an operation. The address says it once it is open.
      DeepLink: () => ({ text }) => element("span", { className: "nostyle" }, text),
      TextArea: (Original) => (props) => element(Original, { "aria-label": "Body", ...props }),
      operations: (Original) => (props) =>
        element(
          React.Fragment, null,
          element("h2", { className: "unseen" }, "The operation"),
          element(Original, props),
        ),
    },
  };
}

// Long examples scroll, so a keyboard must reach them.
export function mend(root) {
  const look = () => {
    for (const block of root.querySelectorAll("pre:not([tabindex])")) block.tabIndex = 0;
    // Its text says more than this label does.
    for (const named of root.querySelectorAll(".opblock-summary-control[aria-label]")) named.removeAttribute("aria-label");
  };
  new MutationObserver(look).observe(root, { childList: true, subtree: true });
  look();
}
