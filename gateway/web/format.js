// Puts facts into words: dates, sizes, scores, paths.

/** @import { Camera, Photo } from "./types.js" */

// The page is in English; an English reader keeps the customs of their region.
export const LOCALE = navigator.language.startsWith("en") ? navigator.language : "en-GB";
const DATE = new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium", timeZone: "UTC" });
const LONG_DATE = new Intl.DateTimeFormat(LOCALE, { dateStyle: "long", timeZone: "UTC" });
const LOCAL_TIME = new Intl.DateTimeFormat(LOCALE, { dateStyle: "long", timeStyle: "short" });
const CIVIL_TIME = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2}))?(?::\d{2}(?:\.\d+)?)?(Z|[+-]\d{2}:\d{2})?$/;
// Cosines have no level that all models share. With the built-in model nonsense reaches 0.12 at most, and stands out from
// its page by less than 0.1; what fits starts near 0.17. The CLIP family gives nearly every photo more than 0.12: there
// nothing is said, rather than something wrong.
const FAINT = 0.12;
const STANDS_OUT = 0.1;
// Near what a fair match to a text has with either of them.
const FULL_BAR = 0.25;
const NUMBER = new Intl.NumberFormat(LOCALE);

/** @param {number} count */
export function formatCount(count) {
  return NUMBER.format(count);
}

/**
 * @param {number} count
 * @param {string} noun singular
 */
export function counted(count, noun) {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** @param {number} count of files that could not be indexed */
export function countFailed(count) {
  return `${counted(count, "file")} could not be indexed`;
}

/**
 * The day a photo was taken; empty if there is none.
 *
 * @param {string | null} takenAt
 */
export function formatDay(takenAt) {
  const parts = takenAt?.match(CIVIL_TIME);
  return parts ? DATE.format(new Date(`${parts[1]}T00:00Z`)) : "";
}

/**
 * The time a photo was taken as the camera's clock showed it, with the offset where the file tells it.
 *
 * @param {string | null} takenAt
 */
export function formatCivilTime(takenAt) {
  const parts = takenAt?.match(CIVIL_TIME);
  if (!parts) return "";
  const [, date, time, offset] = parts;
  const zone = offset ? ` (UTC${offset === "Z" || offset === "+00:00" ? "" : offset})` : "";
  return LONG_DATE.format(new Date(`${date}T00:00Z`)) + (time ? `, ${time}${zone}` : "");
}

/**
 * A moment, on the reader's clock.
 *
 * @param {string | null} moment ISO 8601 with an offset
 */
export function formatMoment(moment) {
  const date = new Date(moment ?? "");
  return Number.isNaN(date.getTime()) ? "" : LOCAL_TIME.format(date);
}

/** @param {number} bytes */
export function formatBytes(bytes) {
  const units = ["bytes", "KiB", "MiB", "GiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit > 0 && value < 10 ? 1 : 0;
  return `${NUMBER.format(Number(value.toFixed(digits)))} ${units[unit]}`;
}

/** @param {Photo} photo */
export function formatDimensions(photo) {
  const megapixels = (photo.width * photo.height) / 1e6;
  const rounded = megapixels >= 10 ? megapixels.toFixed(0) : megapixels.toFixed(1);
  return `${NUMBER.format(photo.width)} × ${NUMBER.format(photo.height)}` + (megapixels >= 0.1 ? ` (${rounded} megapixels)` : "");
}

/** @param {string} mediaType such as image/jpeg */
export function formatMediaType(mediaType) {
  const name = mediaType.split("/")[1] ?? "";
  return name === "webp" ? "WebP" : name.toUpperCase();
}

/** @param {number} meters above sea level */
export function formatAltitude(meters) {
  const rounded = Math.round(meters);
  return `${NUMBER.format(Math.abs(rounded))} m ${rounded < 0 ? "below" : "above"} sea level`;
}

/** @param {Camera} camera whose model often repeats its make */
export function formatCamera(camera) {
  const make = camera.make.trim();
  const model = camera.model.trim();
  return model.toLowerCase().startsWith(make.toLowerCase()) ? model : `${make} ${model}`.trim();
}

/**
 * @param {number} score a cosine
 * @param {number} digits
 */
export function formatScore(score, digits) {
  return score.toFixed(digits).replace("-", "\u2212");
}

/**
 * How good a score is beside the best one of the same search, 0 to 1.
 *
 * @param {number} score
 * @param {number} best
 */
export function relativeScore(score, best) {
  return best > 0 ? Math.min(1, Math.max(0, score / best)) : 0;
}

/**
 * How much of its bar a score fills, 0 to 1. The best match fills it, unless it is a faint one itself.
 *
 * @param {number} score
 * @param {number} best of the same search
 */
export function scoreShare(score, best) {
  return relativeScore(score, Math.max(best, FULL_BAR));
}

/**
 * Whether even the best matches are faint: low, and hardly above the rest of their page.
 *
 * @param {(number | null)[]} scores of the first page
 */
export function nothingFits(scores) {
  const sorted = scores.filter((score) => score !== null).sort((a, b) => b - a);
  if (sorted.length === 0) return false;
  const median = sorted[Math.floor(sorted.length / 2)];
  return sorted[0] < FAINT && sorted[0] - median < STANDS_OUT;
}

/**
 * A path as its owner knows it: percent-encoding undone where the bytes can be shown.
 *
 * @param {string} relativePath
 */
export function formatPath(relativePath) {
  try {
    const decoded = decodeURIComponent(relativePath);
    return /\p{Cc}/u.test(decoded) ? relativePath : decoded;
  } catch {
    return relativePath;
  }
}

/** @param {string} relativePath whose folder has no slash at either end; empty at the root */
export function folderOf(relativePath) {
  return relativePath.slice(0, Math.max(0, relativePath.lastIndexOf("/")));
}
