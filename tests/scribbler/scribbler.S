// SPDX-License-Identifier: Apache-2.0
// The worst neighbour: a VM that does nothing but write random words to random places of its first link's memory, at full speed,
// and ring the neighbour's doorbell. A PVH kernel (Xen, docs/misc/pvh.pandoc: 32-bit, flat segments, no paging), so it needs
// nothing of ours.

        .intel_syntax noprefix
        .code32

        .equ    PHYS32_ENTRY, 18                // XEN_ELFNOTE_PHYS32_ENTRY
        .equ    CONFIG_ADDRESS, 0xcf8           // PCI 3.0 §3.2.2.3.2: configuration mechanism #1
        .equ    CONFIG_DATA, 0xcfc
        .equ    ENABLE, 1 << 31
        .equ    SLOT, 1 << 11                   // From one device to the next on bus 0.
        .equ    IVSHMEM, 0x11101af4             // Device and vendor; qemu docs/specs/ivshmem-spec has the registers.
        .equ    COMMAND, 0x04
        .equ    MEMORY_SPACE, 2
        .equ    BAR0, 0x10
        .equ    BAR2, 0x18
        .equ    REGISTERS, 0xe1000000           // Where nothing else lies on a pc or q35.
        .equ    MEMORY, 0xe0000000
        .equ    LIMIT, 0x1ffffc                 // The last word of the memory, which has 2 MiB.
        .equ    STACK, 0x200000
        .equ    IV_POSITION, 8
        .equ    DOORBELL, 12

        .section .note.Xen, "a", @note
        .long   4, 4, PHYS32_ENTRY
        .asciz  "Xen"
        .long   start

        .macro  config register
        lea     eax, [ebx + \register]
        mov     dx, CONFIG_ADDRESS
        out     dx, eax
        mov     dx, CONFIG_DATA
        .endm

        .macro  set register, value
        config  \register
        mov     eax, \value
        out     dx, eax
        .endm

        .text
        .globl  start
start:  mov     esp, STACK
        mov     ebx, ENABLE
0:      add     ebx, SLOT                       // Finds the device.
        config  0
        in      eax, dx
        cmp     eax, IVSHMEM
        jne     0b

        set     BAR0, REGISTERS                 // Places its registers and its memory, and has it decode them.
        set     BAR2, MEMORY
        set     BAR2 + 4, 0
        set     COMMAND, MEMORY_SPACE

        mov     ebp, [REGISTERS + IV_POSITION]  // The neighbour's id is the other one; vector 0.
        xor     ebp, 1
        shl     ebp, 16

        rdtsc
        lea     ebx, [eax * 2 + 1]              // The state of xorshift32 (Marsaglia 2003), not 0.
        mov     ecx, 1
1:      call    random
        mov     edi, ebx
        call    random
        and     edi, LIMIT                      // Half of the places are in the header, where indices are.
        test    ebx, 1 << 30
        jz      2f
        and     edi, 0xffc
2:      mov     eax, ebx
        test    ebx, 1 << 29                    // Half of the values are small.
        jz      3f
        and     eax, 0x1fff
3:      mov     [MEMORY + edi], eax
        loop    1b
        mov     [REGISTERS + DOORBELL], ebp
        mov     ecx, 4096
        jmp     1b

random: mov     esi, ebx
        shl     esi, 13
        xor     ebx, esi
        mov     esi, ebx
        shr     esi, 17
        xor     ebx, esi
        mov     esi, ebx
        shl     esi, 5
        xor     ebx, esi
        ret
