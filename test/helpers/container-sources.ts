/** State of all kinds, freestanding, so that it compiles for machines whose headers are not there. */
export const stateC = `
struct point { int x; double y; char tag; };
struct node { struct point p; struct node *next; unsigned first : 3; unsigned second : 7; };
struct node g_list = { { 1, 2.0, 'a' }, 0, 5, 6 };
static struct point g_hidden[3];
int g_count = 7;
int *g_ref = &g_count;
int add(int a, long b) {
  static int calls = 1;
  calls++;
  g_hidden[1].x = a;
  return a + (int)b + g_count + calls;
}
int twice(int a) { return 2 * a; }
`;

export const threadLocalC = `
_Thread_local int t_first = 3;
_Thread_local long t_second;
int use(void) { return t_first + (int)t_second; }
`;

/** Classes for which \`-fdebug-types-section\` makes type units. */
export const classesCpp = `
namespace shapes {
struct origin { int x; };
struct shape : origin { double area; };
enum class kind : short { circle = -1, square };
}
template <class T> struct box { T held; };
shapes::shape g_shape;
static shapes::kind g_kind = shapes::kind::circle;
box<int> g_int;
box<double> g_double;
int use() { return static_cast<int>(g_kind) + g_shape.x; }
`;
