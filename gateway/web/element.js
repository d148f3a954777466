// Makes elements. Text is always set as text, so that no name of a file can become markup.

/**
 * An element with attributes and children. Attributes that are null, undefined or false are left out; true sets an empty one.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string | number | boolean | null | undefined>} [attributes]
 * @param {...(Node | string | null | undefined)} children strings become text
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/**
 * A symbol of icons.svg, for the eye only.
 *
 * @param {string} name
 * @returns {SVGSVGElement}
 */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `/static/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

/**
 * A button with a text and, if named, an icon before it.
 *
 * @param {string} text
 * @param {() => void} onClick
 * @param {{icon?: string, kind?: "primary" | "quiet", title?: string}} [options]
 * @returns {HTMLButtonElement}
 */
export function button(text, onClick, options = {}) {
  const kind = options.kind ? ` button-${options.kind}` : "";
  const made = element("button", { type: "button", class: `button${kind}`, title: options.title });
  if (options.icon) made.append(icon(options.icon));
  made.append(element("span", {}, text));
  made.addEventListener("click", onClick);
  return made;
}

/**
 * The element of index.html with this id.
 *
 * @template {HTMLElement} [Kind=HTMLElement]
 * @param {string} id
 * @returns {Kind}
 */
export function byId(id) {
  return /** @type {Kind} */ (document.getElementById(id));
}
