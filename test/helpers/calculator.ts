/** A module with a little of everything that can be looked at and called. Each frame counts. */
export const calculator = `#include <stdlib.h>
#include <string.h>
typedef struct point { int x; double y; } point;
struct node { int value; struct node *next; };
enum color { RED, GREEN = 5 };
static struct node second = {2, NULL}, first = {1, &second};
static point points[12];
static enum color paint = RED;
static long frames;
static void tick(void) {
  static int calls;
  calls++;
  frames++;
  points[3].x = calls;
  points[3].y = calls / 4.0;
  paint = first.value == 1 ? GREEN : RED;
}
int calc_init(void) { return 0; }
void calc_update(double dt) { (void)dt; tick(); }
int add(int a, int b) { return a + b; }
double scale(point p, double by) { return (p.x + p.y) * by; }
point corner(int x) { point p = {x, 0.5}; return p; }
void move_point(point *p, int dx) { p->x += dx; }
long sum(const int *values, int count) {
  long all = 0;
  for (int n = 0; n < count; n++) all += values[n];
  return all;
}
const char *hello(const char *who) {
  static char text[64] = "hello ";
  strncpy(text + 6, who, sizeof text - 7);
  return text;
}
int look_at(int *where) { return *where; }
void leave(void) { exit(3); }
`;

/** A second variable `frames`, in another file. */
export const secondFile = `static int frames = 77;
int other_frames(void) { return frames; }
`;
