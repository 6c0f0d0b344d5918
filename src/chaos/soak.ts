export async function soak(_reloads: number, _env: unknown, _say: (text: string) => void): Promise<number> {
  return 0;
}
