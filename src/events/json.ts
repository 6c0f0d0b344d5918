/** What JSON can hold; values of variables come in this form. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
