// y = a * 2**A_SHIFT + b * 2**B_SHIFT, or the difference, in LANES lanes. Latency 0.
module hwflow_add #(
    parameter int LANES    = 1,
    parameter int A_WIDTH  = 8,
    parameter bit A_SIGNED = 1,
    parameter int A_SHIFT  = 0,
    parameter int B_WIDTH  = 8,
    parameter bit B_SIGNED = 1,
    parameter int B_SHIFT  = 0,
    parameter bit SUBTRACT = 0,
    parameter int WIDTH    = 9
) (
    input  logic [LANES*A_WIDTH-1:0] a,
    input  logic [LANES*B_WIDTH-1:0] b,
    output logic [LANES*WIDTH-1:0]   y
);
    for (genvar i = 0; i < LANES; i++) begin : g_lane
        /* verilator lint_off UNUSEDSIGNAL */  // the sum may be no wider
        wire signed [A_WIDTH:0] left  = {A_SIGNED && a[i*A_WIDTH+A_WIDTH-1], a[i*A_WIDTH+:A_WIDTH]};
        wire signed [B_WIDTH:0] right = {B_SIGNED && b[i*B_WIDTH+B_WIDTH-1], b[i*B_WIDTH+:B_WIDTH]};
        /* verilator lint_on UNUSEDSIGNAL */
        wire signed [WIDTH-1:0] p = WIDTH'(left) <<< A_SHIFT;
        wire signed [WIDTH-1:0] q = WIDTH'(right) <<< B_SHIFT;
        assign y[i*WIDTH+:WIDTH] = SUBTRACT ? p - q : p + q;
    end
endmodule
