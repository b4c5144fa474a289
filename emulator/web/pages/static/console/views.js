// The views of the console, in the rail's order. A view is a file of `views/`, loaded when it is
// first shown. `key` opens it after `g`.

const view = (name, title, key, group) => ({
  name,
  title,
  key,
  group,
  load: () => import(`./views/${name}.js`),
});

export const VIEWS = [
  view("overview", "Overview", "o", "Live"),
  view("streams", "Streams", "s", "Live"),
  view("chat", "Chat", "c", "Live"),
  view("viewers", "Viewers", "v", "Live"),
  view("recordings", "Recordings", "l", "Live"),
  view("requests", "Requests", "r", "Inspect"),
  view("events", "Events", "e", "Inspect"),
  view("webhooks", "Webhooks", "h", "Inspect"),
  view("mails", "Mails", "m", "Inspect"),
  view("scenarios", "Scenarios", "n", "Control"),
  view("faults", "Faults", "f", "Control"),
  view("clock", "Clock", "t", "Control"),
  view("worlds", "Worlds & snapshots", "w", "Control"),
  view("accounts", "Keys & accounts", "a", "Control"),
  view("docs", "Documentation", "d", "Read"),
];

export const GROUPS = ["Live", "Inspect", "Control", "Read"];
export const find = (name) => VIEWS.find((view) => view.name === name);
