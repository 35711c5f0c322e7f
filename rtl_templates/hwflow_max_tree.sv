// GROUPS maxima of TERMS numbers each, by a tree. Bit l of REGISTERS: a register behind level l (from 0).
//
// Latency: the number of ones in REGISTERS. x (GROUPS x TERMS), y (GROUPS).
module hwflow_max_tree #(
    parameter int              GROUPS    = 1,
    parameter int              TERMS     = 8,
    parameter int              WIDTH     = 8,
    parameter bit              IN_SIGNED = 1,
    parameter logic [31:0]     REGISTERS = '0
) (
    /* verilator lint_off UNUSEDSIGNAL */  // not without registers
    input  logic                          clk,
    /* verilator lint_on UNUSEDSIGNAL */
    input  logic [GROUPS*TERMS*WIDTH-1:0] x,
    output logic [GROUPS*WIDTH-1:0]       y
);
    localparam int LEVELS = $clog2(TERMS);

    for (genvar g = 0; g < GROUPS; g++) begin : g_group
        for (genvar l = 0; l <= LEVELS; l++) begin : g_level
            localparam int COUNT = (TERMS + (1 << l) - 1) >> l;
            logic [COUNT*WIDTH-1:0] most;
            if (l == 0) begin : g_input
                assign most = x[g*TERMS*WIDTH+:TERMS*WIDTH];
            end else begin : g_max
                localparam int BEFORE = (TERMS + (1 << (l - 1)) - 1) >> (l - 1);
                logic [COUNT*WIDTH-1:0] most_c;
                for (genvar i = 0; i < COUNT; i++) begin : g_term
                    wire [WIDTH-1:0] a = g_level[l-1].most[2*i*WIDTH+:WIDTH];
                    if (2 * i + 1 < BEFORE) begin : g_pair
                        wire [WIDTH-1:0] b = g_level[l-1].most[(2*i+1)*WIDTH+:WIDTH];
                        wire signed [WIDTH:0] p = {IN_SIGNED && a[WIDTH-1], a};
                        wire signed [WIDTH:0] q = {IN_SIGNED && b[WIDTH-1], b};
                        assign most_c[i*WIDTH+:WIDTH] = p > q ? a : b;
                    end else begin : g_single
                        assign most_c[i*WIDTH+:WIDTH] = a;
                    end
                end
                if (REGISTERS[l-1]) begin : g_register
                    always_ff @(posedge clk) most <= most_c;
                end else begin : g_wire
                    assign most = most_c;
                end
            end
        end
        assign y[g*WIDTH+:WIDTH] = g_level[LEVELS].most;
    end
endmodule
