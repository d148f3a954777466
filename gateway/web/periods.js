// Years and months: as the days from which and to which they last, and in words.

/** @import { Filters } from "./types.js" */

import { formatDay, LOCALE } from "./format.js";

/** @typedef {Pick<Filters, "from" | "to">} Days the first and the last one, YYYY-MM-DD; empty where there is none */

const MONTH = new Intl.DateTimeFormat(LOCALE, { month: "short", timeZone: "UTC" });
const MONTH_OF_YEAR = new Intl.DateTimeFormat(LOCALE, { month: "long", year: "numeric", timeZone: "UTC" });

/** @type {Days} */
export const ANY_DAY = Object.freeze({ from: "", to: "" });

/**
 * @param {string} period YYYY or YYYY-MM
 * @returns {Days}
 */
export function daysOf(period) {
  if (period.length === 4) return { from: `${period}-01-01`, to: `${period}-12-31` };
  const [year, month] = period.split("-").map(Number);
  const last = new Date(Date.UTC(year, month, 0)).getUTCDate();
  return { from: `${period}-01`, to: `${period}-${last}` };
}

/**
 * The year or month that these days are.
 *
 * @param {Days} days
 * @returns {string} YYYY, YYYY-MM or empty
 */
export function periodOf({ from, to }) {
  const wholes = [from.slice(0, 4), from.slice(0, 7)].filter((period) => period && isSame(daysOf(period), { from, to }));
  return wholes[0] ?? "";
}

/**
 * The year that all of these days lie in.
 *
 * @param {Days} days
 * @returns {string} YYYY or empty
 */
export function yearOf({ from, to }) {
  return from && from.slice(0, 4) === to.slice(0, 4) ? from.slice(0, 4) : "";
}

/**
 * @param {Days} one
 * @param {Days} other
 */
function isSame(one, other) {
  return one.from === other.from && one.to === other.to;
}

/** @param {string} period YYYY-MM */
export function formatMonth(period) {
  return MONTH.format(new Date(`${period}-01T00:00Z`));
}

/** @param {string} period YYYY or YYYY-MM */
export function formatPeriod(period) {
  return period.length === 4 ? period : MONTH_OF_YEAR.format(new Date(`${period}-01T00:00Z`));
}

/**
 * @param {Days} days of which one is there at least
 * @returns {string}
 */
export function formatDays(days) {
  const period = periodOf(days);
  if (period) return formatPeriod(period);
  const [from, to] = [formatDay(days.from), formatDay(days.to)];
  if (!to) return `Since ${from}`;
  if (!from) return `Until ${to}`;
  return from === to ? from : `${from} – ${to}`;
}
