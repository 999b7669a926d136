/**
 * Where the tiles go: the grid whose tiles are largest, or one large tile with the others beside
 * it. Pure: sizes in CSS pixels in, rectangles out.
 */

/** @typedef {{x: number, y: number, width: number, height: number}} Rect */
/** @typedef {{width: number, height: number}} Size */

const GAP = 10;
/** Tiles may be wider or narrower than the camera's 16:9, within reason: the picture is cropped. */
const WIDEST = 16 / 9;
const NARROWEST = { landscape: 1.15, portrait: 0.72 };
/** Below this the stage scrolls instead. */
const SMALLEST_WIDTH = 116;

/**
 * @param {Size} stage
 * @param {number} count of tiles
 * @param {boolean} spotlight the first tile is the large one
 * @returns {Rect[]}
 */
export function arrange(stage, count, spotlight) {
  if (count === 0 || stage.width <= 0 || stage.height <= 0) return [];
  if (!spotlight) return grid(stage, count);
  if (count === 1) return [{ x: 0, y: 0, ...stage }];
  return withSpotlight(stage, count);
}

/**
 * @param {Size} stage
 * @param {number} count
 * @returns {Rect[]}
 */
function grid(stage, count) {
  let best = cells(stage, count, 1);
  for (let columns = 2; columns <= count; columns += 1) {
    const candidate = cells(stage, count, columns);
    if (candidate.width * candidate.height > best.width * best.height) best = candidate;
  }
  if (best.width < Math.min(SMALLEST_WIDTH, stage.width)) best = scrolling(stage, count);
  return place(stage, count, best);
}

/** @typedef {Size & {columns: number, rows: number}} Cells */

/**
 * @param {Size} stage
 * @param {number} count
 * @param {number} columns
 * @returns {Cells}
 */
function cells(stage, count, columns) {
  const rows = Math.ceil(count / columns);
  let width = Math.max(1, (stage.width - GAP * (columns - 1)) / columns);
  let height = Math.max(1, (stage.height - GAP * (rows - 1)) / rows);
  const narrowest = stage.width >= stage.height ? NARROWEST.landscape : NARROWEST.portrait;
  width = Math.min(width, height * WIDEST);
  height = Math.min(height, width / narrowest);
  return { columns, rows, width, height };
}

/**
 * @param {Size} stage
 * @param {number} count
 * @returns {Cells}
 */
function scrolling(stage, count) {
  const columns = Math.max(1, Math.floor((stage.width + GAP) / (SMALLEST_WIDTH + GAP)));
  const width = (stage.width - GAP * (columns - 1)) / columns;
  return { columns, rows: Math.ceil(count / columns), width, height: width / WIDEST };
}

/**
 * Rows are centred, the last one too when it is not full.
 *
 * @param {Size} stage
 * @param {number} count
 * @param {Cells} cells
 * @returns {Rect[]}
 */
function place(stage, count, { columns, rows, width, height }) {
  const total = rows * height + (rows - 1) * GAP;
  const top = Math.max(0, (stage.height - total) / 2);
  return Array.from({ length: count }, (_, index) => {
    const row = Math.floor(index / columns);
    const inRow = row === rows - 1 ? count - row * columns : columns;
    const left = (stage.width - inRow * width - (inRow - 1) * GAP) / 2;
    const column = index - row * columns;
    return { x: left + column * (width + GAP), y: top + row * (height + GAP), width, height };
  });
}

/**
 * @param {Size} stage
 * @param {number} count
 * @returns {Rect[]}
 */
function withSpotlight({ width, height }, count) {
  if (width >= height) {
    const strip = Math.min(Math.max(width * 0.2, 150), 280);
    const large = { x: 0, y: 0, width: width - strip - GAP, height };
    const small = grid({ width: strip, height }, count - 1);
    return [large, ...small.map((rect) => ({ ...rect, x: rect.x + large.width + GAP }))];
  }
  const large = { x: 0, y: 0, width, height: Math.min(width * 0.8, height * 0.7) };
  const small = grid({ width, height: height - large.height - GAP }, count - 1);
  return [large, ...small.map((rect) => ({ ...rect, y: rect.y + large.height + GAP }))];
}
