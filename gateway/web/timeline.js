// The timeline: years and the months of one of them, each with how many photos were taken in it.

/** @import { Facets, Filters } from "./types.js" */
/** @import { Days } from "./periods.js" */

import { ButtonList } from "./button_list.js";
import { byId } from "./element.js";
import { counted, formatCount } from "./format.js";
import { ANY_DAY, daysOf, formatMonth, formatPeriod, periodOf, yearOf } from "./periods.js";

const MONTHS = ["01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12"];

export class Timeline {
  #years;
  #months;
  /** @type {Days} */
  #shown = ANY_DAY;

  /** @param {(days: Days) => void} onChange */
  constructor(onChange) {
    const choose = (/** @type {string} */ period) => onChange(period === periodOf(this.#shown) ? this.#without(period) : daysOf(period));
    this.#years = new ButtonList(byId("years"), choose);
    this.#months = new ButtonList(byId("months"), choose);
  }

  /**
   * @param {Filters} filters that are in force
   * @param {Facets | null} facets null while they are not known
   */
  draw(filters, facets) {
    this.#shown = { from: filters.from, to: filters.to };
    const year = yearOf(filters);
    const chosen = periodOf(filters);
    const counts = countPeriods(facets);
    const years = new Set([...counts.keys()].filter((period) => period.length === 4));
    if (year) years.add(year);
    this.#years.draw([...years].sort().reverse().map((one) => item(one, counts, one === chosen || (one === year && "mixed"), one)));
    const months = year ? MONTHS.map((month) => `${year}-${month}`) : [];
    this.#months.draw(months.map((one) => item(one, counts, one === chosen, formatMonth(one))));
    byId("months").hidden = !year;
    byId("timeline-field").hidden = facets !== null && years.size === 0;
    const without = facets?.without_time_count ?? 0;
    byId("without-time").textContent = without ? `no date: ${formatCount(without)}` : "";
  }

  /** @param {string} period a month leaves its year */
  #without(period) {
    return period.length === 4 ? ANY_DAY : daysOf(period.slice(0, 4));
  }
}

/**
 * @param {Facets | null} facets
 * @returns {Map<string, number>} by year and by month
 */
function countPeriods(facets) {
  const counts = new Map();
  for (const { month, image_count: count } of facets?.months ?? []) {
    const year = month.slice(0, 4);
    counts.set(month, count).set(year, (counts.get(year) ?? 0) + count);
  }
  return counts;
}

/**
 * @param {string} period
 * @param {Map<string, number>} counts
 * @param {boolean | "mixed"} pressed
 * @param {string} name
 */
function item(period, counts, pressed, name) {
  const count = counts.get(period) ?? 0;
  const label = `${formatPeriod(period)}, ${counted(count, "photo")}`;
  return { key: period, name, count: count ? formatCount(count) : "–", label, pressed, disabled: !count && !pressed };
}
