// Asks before something is changed. The browser keeps the focus inside, Escape closes, and focus goes back.
import { h } from "./dom.js";

let serial = 0;

// The values of the fields by name, or null where nothing is to be done.
export function ask({ title, text, fields = [], action, danger = false }) {
  const id = `dialog-${++serial}`;
  const inputs = fields.map((field) => input(field, `${id}-${field.name}`));
  const form = h(
    "form",
    { method: "dialog" },
    h("h2", { id }, title),
    text ? h("p", {}, text) : null,
    inputs.map(({ label }) => label),
    h(
      "div",
      { class: "row end" },
      h("button", { type: "button", value: "", onclick: () => dialog.close("") }, "Cancel"),
      h("button", { type: "submit", value: "yes", class: danger ? "danger" : "primary" }, action),
    ),
  );
  const dialog = h("dialog", { "aria-labelledby": id }, form);
  const opener = document.activeElement;
  document.body.append(dialog);
  dialog.showModal();
  (inputs[0]?.control ?? form.querySelector("button[value='']")).focus();
  return new Promise((done) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      if (opener?.isConnected) opener.focus();
      done(
        dialog.returnValue === "yes"
          ? Object.fromEntries(inputs.map(({ name, control }) => [name, control.value.trim()]))
          : null,
      );
    });
  });
}

function input({ name, label, kind = "text", value = "", text = "", options, hint, ...rest }, id) {
  let control;
  if (options)
    control = h(
      "select",
      { id, name },
      options.map(([key, text]) => h("option", { value: key, selected: key === value }, text)),
    );
  else if (kind === "long") control = h("textarea", { id, name, rows: "3", maxlength: "2000", ...rest }, text);
  else control = h("input", { id, name, type: kind, value, ...rest });
  return {
    name,
    control,
    label: h(
      "label",
      { for: id, class: "field" },
      h("span", {}, label),
      control,
      hint ? h("small", { class: "muted" }, hint) : null,
    ),
  };
}

export const comment = (label = "Comment", required = false) => ({
  name: "comment",
  label: required ? label : `${label} (optional)`,
  kind: "long",
  required,
});
