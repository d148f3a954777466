// Which photo an arrow of the keyboard leads to.

/**
 * @param {HTMLElement[]} links
 * @param {number} here
 * @param {string} key
 * @returns {number | null}
 */
export function neighbour(links, here, key) {
  if (key === "ArrowRight") return here + 1;
  if (key === "ArrowLeft") return here - 1;
  if (key === "ArrowDown") return across(links, here, 1);
  if (key === "ArrowUp") return across(links, here, -1);
  return null;
}

/**
 * The photo in the next row whose middle is nearest.
 *
 * @param {HTMLElement[]} links
 * @param {number} here
 * @param {1 | -1} step
 */
function across(links, here, step) {
  const from = links[here].getBoundingClientRect();
  const middle = (/** @type {DOMRect} */ box) => box.left + box.width / 2;
  let row = null;
  let nearest = here;
  let distance = Infinity;
  for (let i = here + step; i >= 0 && i < links.length; i += step) {
    const box = links[i].getBoundingClientRect();
    if (Math.abs(box.top - from.top) < 2) continue;
    row ??= box.top;
    if (Math.abs(box.top - row) >= 2) break;
    const away = Math.abs(middle(box) - middle(from));
    if (away < distance) [nearest, distance] = [i, away];
  }
  return nearest;
}
