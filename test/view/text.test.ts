import { describe, expect, test } from 'vitest';
import { fitLine, lineText, lineWidth, padLine, seg } from '../../src/view/line.js';
import { cleanLine, cleanLines, displayWidth, fitName, fitText, truncate } from '../../src/view/text.js';

describe('text for one terminal line', () => {
  test('escape sequences, control characters and direction overrides are removed', () => {
    expect(cleanLine('\u001b[31mred\u001b[0m\u0007 \u001b[2Jgone\u202e \u001b]0;title\u0007end\u0000')).toBe(
      'red gone end',
    );
  });

  test('a line feed or carriage return inside becomes a space and never a second line', () => {
    expect(cleanLine('one\r\ntwo\nthree')).toBe('one two three');
  });

  test('tabs go to the next multiple of eight', () => {
    expect(cleanLine('ab\tc\td')).toBe('ab      c       d');
  });

  test('without unicode, quotes of compilers keep a plain form and other characters become question marks', () => {
    expect(cleanLine('‘x’ “y” – 木…', false)).toBe('\'x\' "y" - ?...');
  });

  test('the lines of a text do not count the line feed at its end', () => {
    expect(cleanLines('a\nb\r\nc\n')).toEqual(['a', 'b', 'c']);
  });

  test('wide characters and emoji take two columns, combining marks none', () => {
    expect(displayWidth('abc')).toBe(3);
    expect(displayWidth('木村')).toBe(4);
    expect(displayWidth('👩‍👩‍👧')).toBe(2);
    expect(displayWidth('e\u0301')).toBe(1);
    expect(displayWidth('▁▇●✓─')).toBe(5);
  });

  test('a text is as wide as its characters, whichever of them stand together', () => {
    for (let code = 0x20; code < 0x2e80; code += code === 0x2ff ? 0x1d01 : 1) {
      const character = String.fromCodePoint(code);
      if (cleanLine(character) !== character || /\p{M}/u.test(character)) continue;
      expect(displayWidth(`木${character}`), `U+${code.toString(16)}`).toBe(displayWidth(character) + 2);
    }
  });

  test('truncation never cuts through a wide character and never exceeds the width', () => {
    expect(truncate('木村木村', 5)).toBe('木村…');
    expect(truncate('木村木村', 4)).toBe('木…');
    expect(truncate('abc', 3)).toBe('abc');
    expect(truncate('abcdef', 2, '...')).toBe('ab');
    expect(truncate('abc', 0)).toBe('');
  });

  test('fitted text takes exactly its width on either side', () => {
    expect(fitText('ab', 4)).toBe('ab  ');
    expect(fitText('ab', 4, '…', 'right')).toBe('  ab');
    expect(displayWidth(fitText('木村木村', 4))).toBe(4);
  });

  test('a name that is cut keeps its end, where names of one project differ', () => {
    expect(fitName('module_number_12', 12)).toBe('module…er_12');
    expect(fitName('short', 8)).toBe('short   ');
  });
});

describe('lines of segments', () => {
  test('a line is cut to its width whatever segment the limit lies in', () => {
    const line = [seg('hello '), seg('wide 木村'), seg(' end')];
    for (let width = 0; width <= 20; width += 1) expect(lineWidth(fitLine(line, width))).toBeLessThanOrEqual(width);
    expect(lineText(fitLine(line, 8))).toBe('hello w…');
    expect(lineText(fitLine(line, 20))).toBe('hello wide 木村 end');
  });

  test('a padded line takes exactly its width', () => {
    expect(lineText(padLine([seg('ab')], 4))).toBe('ab  ');
    expect(lineWidth(padLine([seg('abcdef')], 4))).toBe(4);
  });
});
