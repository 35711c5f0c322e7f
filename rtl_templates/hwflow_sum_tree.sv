// GROUPS sums of TERMS numbers each, by a tree of adders. Bit l of REGISTERS: a register behind level l (from 0).
//
// Latency: the number of ones in REGISTERS. x (GROUPS x TERMS), y (GROUPS); a level is a bit wider than the last.
module hwflow_sum_tree #(
    parameter int              GROUPS    = 1,
    parameter int              TERMS     = 8,
    parameter int              IN_WIDTH  = 8,
    parameter bit              IN_SIGNED = 1,
    parameter int              WIDTH     = 11,
    parameter logic [31:0]     REGISTERS = '0
) (
    /* verilator lint_off UNUSEDSIGNAL */  // not without registers
    input  logic                             clk,
    /* verilator lint_on UNUSEDSIGNAL */
    input  logic [GROUPS*TERMS*IN_WIDTH-1:0] x,
    output logic [GROUPS*WIDTH-1:0]          y
);
    localparam int LEVELS = $clog2(TERMS);

    for (genvar g = 0; g < GROUPS; g++) begin : g_group
        for (genvar l = 0; l <= LEVELS; l++) begin : g_level
            localparam int COUNT = (TERMS + (1 << l) - 1) >> l;
            localparam int BITS  = IN_WIDTH + l < WIDTH ? IN_WIDTH + l : WIDTH;
`ifdef YOSYS
            (* keep *)  // else it merges the levels into carry-save form, two thirds more LUTs and no faster
`endif
            logic [COUNT*BITS-1:0] sums;
            if (l == 0) begin : g_input
                for (genvar i = 0; i < COUNT; i++) begin : g_term
                    assign sums[i*BITS+:BITS] = x[(g*TERMS+i)*IN_WIDTH+:BITS];
                end
            end else begin : g_sum
                localparam int BEFORE = (TERMS + (1 << (l - 1)) - 1) >> (l - 1);
                localparam int NARROW = IN_WIDTH + l - 1 < WIDTH ? IN_WIDTH + l - 1 : WIDTH;
                logic [COUNT*BITS-1:0] sums_c;
                for (genvar i = 0; i < COUNT; i++) begin : g_term
                    wire [NARROW-1:0] a = g_level[l-1].sums[2*i*NARROW+:NARROW];
                    /* verilator lint_off UNUSEDSIGNAL */  // the sum may be no wider
                    wire signed [NARROW:0] p = {IN_SIGNED && a[NARROW-1], a};
                    /* verilator lint_on UNUSEDSIGNAL */
                    if (2 * i + 1 < BEFORE) begin : g_pair
                        wire [NARROW-1:0] b = g_level[l-1].sums[(2*i+1)*NARROW+:NARROW];
                        /* verilator lint_off UNUSEDSIGNAL */  // the sum may be no wider
                        wire signed [NARROW:0] q = {IN_SIGNED && b[NARROW-1], b};
                        /* verilator lint_on UNUSEDSIGNAL */
                        assign sums_c[i*BITS+:BITS] = BITS'(p + q);
                    end else begin : g_single
                        assign sums_c[i*BITS+:BITS] = BITS'(p);
                    end
                end
                if (REGISTERS[l-1]) begin : g_register
                    always_ff @(posedge clk) sums <= sums_c;
                end else begin : g_wire
                    assign sums = sums_c;
                end
            end
        end
        localparam int TOP = IN_WIDTH + LEVELS < WIDTH ? IN_WIDTH + LEVELS : WIDTH;
        /* verilator lint_off UNUSEDSIGNAL */  // the sign, where the sum is as wide
        wire signed [TOP:0] result = {IN_SIGNED && g_level[LEVELS].sums[TOP-1], g_level[LEVELS].sums};
        /* verilator lint_on UNUSEDSIGNAL */
        assign y[g*WIDTH+:WIDTH] = WIDTH'(result);
    end
endmodule
