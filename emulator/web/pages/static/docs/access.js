// Access: what Swagger UI lacks for users of a keyboard or a screen reader.

// A plugin of Swagger UI, which wraps some of its components by name.
export function access({ React }) {
  const element = React.createElement;
  return {
    wrapComponents: {
      // The page's head already shows the document's title.
      InfoContainer: () => () => null,
      // There is one server: this one.
      ServersContainer: () => () => null,
      // A link inside the button that opens an operation. The address has it once it is open.
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
    // Its text is more useful than this label.
    for (const named of root.querySelectorAll(".opblock-summary-control[aria-label]")) named.removeAttribute("aria-label");
  };
  new MutationObserver(look).observe(root, { childList: true, subtree: true });
  look();
}
