/* A grid of UTF-8 characters; see canvas.h. */
#include "canvas.h"

#include <string.h>

static int glyph_bytes(const char *glyph);
static int is_inside(int x, int y);

void canvas_clear(canvas_t *canvas) {
  for (int y = 0; y < CANVAS_HEIGHT; y++) {
    for (int x = 0; x < CANVAS_WIDTH; x++) memcpy(canvas->cells[y][x], " ", 2);
  }
}

void canvas_put(canvas_t *canvas, int x, int y, const char *glyph) {
  const int bytes = glyph_bytes(glyph);
  if (!is_inside(x, y) || bytes == 0) return;
  memcpy(canvas->cells[y][x], glyph, (size_t)bytes);
  canvas->cells[y][x][bytes] = '\0';
}

void canvas_write(canvas_t *canvas, int x, int y, const char *text) {
  for (int bytes = glyph_bytes(text); bytes > 0; bytes = glyph_bytes(text)) {
    canvas_put(canvas, x++, y, text);
    text += bytes;
  }
}

int canvas_is_blank(const canvas_t *canvas, int x, int y) {
  return is_inside(x, y) && strcmp(canvas->cells[y][x], " ") == 0;
}

const char *canvas_text(canvas_t *canvas) {
  char *end = canvas->text;
  for (int y = 0; y < CANVAS_HEIGHT; y++) {
    int width = CANVAS_WIDTH;
    while (width > 0 && canvas_is_blank(canvas, width - 1, y)) width--;
    for (int x = 0; x < width; x++) {
      const size_t bytes = strlen(canvas->cells[y][x]);
      memcpy(end, canvas->cells[y][x], bytes);
      end += bytes;
    }
    *end++ = '\n';
  }
  *end = '\0';
  return canvas->text;
}

/* Length of the first UTF-8 character (RFC 3629, section 3), 0 at the end or where the text is cut short. */
static int glyph_bytes(const char *glyph) {
  const unsigned char first = (unsigned char)glyph[0];
  const int bytes = first == 0 ? 0 : first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  for (int i = 1; i < bytes; i++) {
    if (glyph[i] == '\0') return 0;
  }
  return bytes;
}

static int is_inside(int x, int y) { return x >= 0 && x < CANVAS_WIDTH && y >= 0 && y < CANVAS_HEIGHT; }
