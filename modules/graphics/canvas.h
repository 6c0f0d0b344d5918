/* canvas.h: a small picture of characters, each of them one column wide and up to four bytes of UTF-8. */
#ifndef CANVAS_H
#define CANVAS_H

#define CANVAS_WIDTH 58
#define CANVAS_HEIGHT 12
#define CANVAS_BYTES 4

typedef struct canvas {
  char cells[CANVAS_HEIGHT][CANVAS_WIDTH][CANVAS_BYTES + 1];
  char text[CANVAS_HEIGHT * (CANVAS_WIDTH * CANVAS_BYTES + 1) + 1];
} canvas_t;

/* Makes every cell a space. */
void canvas_clear(canvas_t *canvas);

/* Puts the first character of `glyph` at column x, row y. Outside the picture nothing happens. */
void canvas_put(canvas_t *canvas, int x, int y, const char *glyph);

/* Writes a text from left to right, beginning at column x. What lies outside the picture is left out. */
void canvas_write(canvas_t *canvas, int x, int y, const char *text);

/* Non-zero where the cell is inside the picture and a space. */
int canvas_is_blank(const canvas_t *canvas, int x, int y);

/* The picture as lines without trailing spaces, each ended by '\n'. Valid until the next call. */
const char *canvas_text(canvas_t *canvas);

#endif
