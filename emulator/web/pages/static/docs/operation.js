// The chosen operation in Swagger UI, which is loaded with the first one: that takes half a second.

import { access, mend } from "./access.js";
import { legible } from "./legible.js";

const { world, static: files } = document.documentElement.dataset;
const KEY = world === "default" ? "ak_demo" : `ak_demo@${world}`;
const place = document.querySelector("#api");
let loading;

function load() {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = `${files}/swagger-ui-4.19.1/swagger-ui-bundle.js`;
    script.onload = () => resolve(window.SwaggerUIBundle);
    script.onerror = () => reject(new Error("Swagger UI could not be loaded."));
    document.head.append(script);
  });
  return loading;
}

// A plugin of Swagger UI that only shows the chosen operation. The values are Immutable.js maps.
function only() {
  const is = (text) => (entry) => `${entry.get("method")} ${entry.get("path")}` === text;
  return {
    fn: {
      opsFilter: (tags, text) =>
        tags
          .map((tag) => tag.update("operations", (list) => list.filter(is(text))))
          .filter((tag) => tag.get("operations").size),
    },
    // The page has its own field, with a label.
    wrapComponents: { FilterContainer: () => () => null },
  };
}

/** Make a Swagger UI of a document, which shows the operation that `open` is called with. */
export class Viewer {
  #api;
  #hasDemoKey;
  #ui;
  #chosen;

  constructor(api, hasDemoKey) {
    this.#api = api;
    this.#hasDemoKey = hasDemoKey;
  }

  async open({ method, path }) {
    this.#chosen = `${method} ${path}`;
    const SwaggerUI = await load();
    if (!this.#ui) this.#start(SwaggerUI);
    this.#ui.layoutActions.updateFilter(this.#chosen);
  }

  #start(SwaggerUI) {
    this.#ui = SwaggerUI({
      spec: legible(this.#api),
      domNode: place,
      plugins: [only, access],
      docExpansion: "full",
      tryItOutEnabled: true,
      showExtensions: true,
      displayRequestDuration: true,
      defaultModelsExpandDepth: -1,
      validatorUrl: null,
      filter: this.#chosen,
      onComplete: () => this.#hasDemoKey && this.#ui.preauthorizeApiKey("bearer", KEY),
    });
    mend(place);
  }
}
