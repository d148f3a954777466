// Example searches, in languages that the model reads: the reader's first.

import { byId, element } from "./element.js";

// Things that photo collections tend to hold, each in another language. Plain subjects: every model knows those.
/** @type {Record<string, string[]>} */
const EXAMPLES = {
  en: ["a cat", "a cup of coffee", "a dog on the beach", "mountains and a lake"],
  de: ["eine Blume", "Segelboote im Hafen"],
  es: ["una motocicleta", "un castillo"],
  zh: ["一座寺庙", "星空"],
  fr: ["un marché aux fruits", "une église"],
  it: ["una torta di compleanno"],
  pt: ["um pássaro colorido"],
  nl: ["een fiets"],
  pl: ["koń na łące"],
  ru: ["зимний лес"],
  ja: ["ラーメン"],
  ko: ["불꽃놀이"],
  tr: ["gün batımında deniz"],
  ar: ["جمل في الصحراء"],
  th: ["ช้าง"],
};
const SHOWN = 8;

/**
 * @param {string[]} languages of the model; empty if they are not known
 * @param {(text: string) => void} search
 */
export function showExamples(languages, search) {
  const place = byId("examples");
  const chosen = chooseExamples(languages, navigator.languages);
  const drawing = chosen.map(({ text }) => text).join("\n");
  if (place.dataset.drawn === drawing) return;
  place.dataset.drawn = drawing;
  place.replaceChildren(...chosen.map((example) => element("li", {}, makeExample(example, search))));
}

/**
 * @param {string[]} languages
 * @param {readonly string[]} preferred
 */
function chooseExamples(languages, preferred) {
  const known = new Set(languages.length > 0 ? languages.map(primary) : ["en"]);
  const order = [...new Set([...preferred.map(primary), ...Object.keys(EXAMPLES)])];
  const readable = order.filter((language) => known.has(language) && EXAMPLES[language]);
  const [first, ...others] = readable.length > 0 ? readable : ["en"];
  const own = EXAMPLES[first].slice(0, others.length > 0 ? 3 : SHOWN).map((text) => ({ language: first, text }));
  const foreign = others.map((language) => ({ language, text: EXAMPLES[language][0] }));
  return [...own, ...foreign].slice(0, SHOWN);
}

/**
 * @param {{language: string, text: string}} example
 * @param {(text: string) => void} search
 */
function makeExample({ language, text }, search) {
  const named = new Intl.DisplayNames("en", { type: "language" }).of(language);
  const chip = element("button", { type: "button", class: "example", lang: language, dir: "auto", title: `Search in ${named}` }, text);
  chip.addEventListener("click", () => search(text));
  return chip;
}

/** @param {string} tag BCP 47 */
function primary(tag) {
  return tag.toLowerCase().split("-")[0];
}
