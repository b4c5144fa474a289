// A form for a new world: from a seed, or from an exported file.

import { admin } from "../../../lib/api.js";
import { html } from "../../../lib/html.js";
import { Field, Form, SelectField, toast } from "../../../lib/parts.js";
import { go } from "../../../lib/router.js";
import { importWorld } from "./files.js";

const NAME = { name: "name", pattern: "[a-z0-9]([a-z0-9-]*[a-z0-9])?", maxlength: 63, autocomplete: "off" };

export function NewWorld() {
  return html`
    <div class="halves">
      <${Form} class="card" onSubmit=${make}>
        <h2>New world</h2>
        <div class="fields">
          <${Field} label="Name" hint="Lower case letters, digits, dashes"><input ...${NAME} required /><//>
          <${SelectField} label="Seed" name="seed" options=${[["default", "People and streams"], ["none", "Empty"]]} />
        </div>
        <button class="primary">Make it</button>
      <//>
      <${Form} class="card" onSubmit=${read}>
        <h2>From a file</h2>
        <div class="fields">
          <${Field} label="File of an export"><input name="file" type="file" accept=".zip" required /><//>
          <${Field} label="Name" hint="Left out: its own"><input ...${NAME} /><//>
        </div>
        <button>Import</button>
      <//>
    </div>
  `;
}

async function make({ name, seed }, form) {
  await admin("POST", "worlds", { name, seed });
  form.reset();
  toast(`The world ${name} is made.`, { action: { title: "Show it", act: () => go("overview", "", {}, name) } });
}

async function read({ file, name }, form) {
  const world = await importWorld(file, name);
  form.reset();
  toast(`The world ${world.name} is imported.`, {
    action: { title: "Show it", act: () => go("overview", "", {}, world.name) },
  });
}
