import { stripVTControlCharacters } from 'node:util';

/**
 * Text that comes from outside (compilers, modules, file names) made fit for one terminal line: no escape sequence,
 * no control character and no direction override survives, because any of them could move the cursor and tear the
 * screen. Tabs become spaces up to the next multiple of eight, as terminals and clang's own frames assume.
 */
export function cleanLine(text: string, unicode = true): string {
  if (/^[ -~]*$/.test(text)) return text;
  const plain = expandTabs(stripVTControlCharacters(text).toWellFormed().normalize('NFC'))
    .replace(/[\r\n\u2028\u2029]+/g, ' ')
    .replace(/[\p{Cc}\p{Bidi_Control}]/gu, '');
  return unicode ? plain : asciiOf(plain);
}

/** The lines of a text, each cleaned; a final line feed does not count as a further line. */
export function cleanLines(text: string, unicode = true): readonly string[] {
  const lines = text.split(/\r\n|\n/);
  if (lines.at(-1) === '') lines.pop();
  return lines.map((line) => cleanLine(line, unicode));
}

/** Terminal columns that a cleaned text takes: wide East Asian characters and emoji count two, marks none. */
export function displayWidth(text: string): number {
  if (narrow.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += graphemeWidth(segment);
  return width;
}

/** Cuts a text to at most `width` columns, never through a character; what is cut is marked with `ellipsis`. */
export function truncate(text: string, width: number, ellipsis = '…'): string {
  if (width <= 0) return '';
  if (displayWidth(text) <= width) return text;
  const room = width - displayWidth(ellipsis);
  if (room < 0) return take(text, width);
  return take(text, room) + ellipsis;
}

/** Breaks a cleaned text at its spaces into lines of at most `width` columns; a longer word stands alone, uncut. */
export function wrapText(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && displayWidth(longer) > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line];
}

/** Truncates or fills with spaces so that the result takes exactly `width` columns. */
export function fitText(text: string, width: number, ellipsis = '…', align: 'left' | 'right' = 'left'): string {
  const cut = truncate(text, width, ellipsis);
  const gap = ' '.repeat(Math.max(0, width - displayWidth(cut)));
  return align === 'left' ? cut + gap : gap + cut;
}

/** Like `fitText`, but for names: what is cut stands in the middle, because names of one project differ at the end. */
export function fitName(name: string, width: number, ellipsis = '…'): string {
  const full = displayWidth(name);
  const room = width - displayWidth(ellipsis);
  if (full <= width || room < 4) return fitText(name, width, ellipsis);
  const tail = Math.floor(room / 2);
  const pieces = [...graphemes.segment(name)].map(({ segment }) => segment);
  let end = '';
  while (pieces.length > 0 && displayWidth(`${pieces.at(-1) ?? ''}${end}`) <= tail) end = `${pieces.pop() ?? ''}${end}`;
  return fitText(`${take(name, room - displayWidth(end))}${ellipsis}${end}`, width, ellipsis);
}

/**
 * Texts of characters that take one column each and join with none of their kind: Latin, punctuation, arrows,
 * mathematics, box drawing, symbols. Segmenting costs a hundred times as much, and a drawing measures each line often.
 */
const narrow = /^[[ -~\u00a1-\u02ff\u2010-\u2027\u2190-\u27bf]--[\p{Emoji_Presentation}\p{Cf}\u2329\u232a]]*$/v;

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Ranges of East Asian Width W and F (Unicode Standard Annex 11), as far as terminals draw them two columns wide. */
const wide =
  /^[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/u;

function graphemeWidth(grapheme: string): number {
  if (/^[\p{Mn}\p{Me}\p{Cf}\p{Cc}]+$/u.test(grapheme)) return 0;
  if (wide.test(grapheme) || grapheme.includes('\ufe0f') || /^\p{Emoji_Presentation}/u.test(grapheme)) return 2;
  return 1;
}

function take(text: string, width: number): string {
  let used = 0;
  let kept = '';
  for (const { segment } of graphemes.segment(text)) {
    used += graphemeWidth(segment);
    if (used > width) break;
    kept += segment;
  }
  return kept;
}

function expandTabs(text: string): string {
  if (!text.includes('\t')) return text;
  let column = 0;
  let expanded = '';
  for (const character of text) {
    const piece = character === '\t' ? ' '.repeat(8 - (column % 8)) : character;
    expanded += piece;
    column += piece.length;
  }
  return expanded;
}

/** Quotes and dashes of compilers have a plain form; anything else outside ASCII becomes a question mark. */
function asciiOf(text: string): string {
  return text
    .replace(/[\u2018\u2019]/g, "'")
    .replace(/[\u201c\u201d]/g, '"')
    .replace(/[\u2010-\u2015\u2500]/g, '-')
    .replace(/\u2026/g, '...')
    .replace(/[^ -~]/gu, '?');
}
