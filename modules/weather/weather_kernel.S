/*
 * weather_smooth_row: see weather_kernel.h for what it computes. Four cells at a time, in SSE2 and in NEON.
 *
 * Try this: change the shift by 3 into a shift by 2 (psrad $3 on x86-64, #3 on AArch64) and save. weather_init finds
 * that the kernel no longer agrees with its C reference, the new version is taken back, and the weather goes on.
 */

#ifdef __APPLE__
#define SYMBOL(name) _##name
#else
#define SYMBOL(name) name
#endif

    .text
    .globl SYMBOL(weather_smooth_row)
    .p2align 4
#ifdef __ELF__
    .hidden weather_smooth_row
    .type weather_smooth_row, %function
#endif

SYMBOL(weather_smooth_row):

#if defined(__x86_64__)

/* System V psABI: rdi out, rsi above, rdx row, rcx below, r8 count. Only caller-saved registers are used. */
    pcmpeqd %xmm7, %xmm7
    psrld $31, %xmm7              /* 1 in each lane */
    pslld $2, %xmm7               /* 4 in each lane: half of the divisor, for rounding */
    xorl %eax, %eax               /* i */
    cmpq %r8, %rax
    jae 2f
1:
    movdqu (%rdx,%rax,4), %xmm0   /* row[i] */
    pslld $2, %xmm0               /* times 4 */
    movdqu -4(%rdx,%rax,4), %xmm1 /* row[i-1] */
    movdqu 4(%rdx,%rax,4), %xmm2  /* row[i+1] */
    movdqu (%rsi,%rax,4), %xmm3   /* above[i] */
    movdqu (%rcx,%rax,4), %xmm4   /* below[i] */
    paddd %xmm1, %xmm0
    paddd %xmm3, %xmm2
    paddd %xmm7, %xmm4
    paddd %xmm2, %xmm0
    paddd %xmm4, %xmm0
    psrad $3, %xmm0
    movdqu %xmm0, (%rdi,%rax,4)
    addq $4, %rax
    cmpq %r8, %rax
    jb 1b
2:
    ret

#elif defined(__aarch64__)

/* AAPCS64: x0 out, x1 above, x2 row, x3 below, x4 count. Only caller-saved registers are used. */
    cbz x4, 2f
    sub x5, x2, #4                /* row - 1 */
    add x6, x2, #4                /* row + 1 */
    movi v7.4s, #4                /* half of the divisor, for rounding */
1:
    ldr q0, [x2], #16             /* row[i] */
    ldr q1, [x5], #16             /* row[i-1] */
    ldr q2, [x6], #16             /* row[i+1] */
    ldr q3, [x1], #16             /* above[i] */
    ldr q4, [x3], #16             /* below[i] */
    shl v0.4s, v0.4s, #2          /* times 4 */
    add v0.4s, v0.4s, v1.4s
    add v2.4s, v2.4s, v3.4s
    add v4.4s, v4.4s, v7.4s
    add v0.4s, v0.4s, v2.4s
    add v0.4s, v0.4s, v4.4s
    sshr v0.4s, v0.4s, #3
    str q0, [x0], #16
    subs x4, x4, #4
    b.hi 1b
2:
    ret

#else
#error "weather_kernel.S knows x86-64 and AArch64; leave it out and call weather_smooth_row_reference instead"
#endif

#ifdef __ELF__
    .size weather_smooth_row, . - weather_smooth_row
    .section .note.GNU-stack, "", %progbits
#endif
