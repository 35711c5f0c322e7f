// Running sums (or maxima) over steps, of GROUPS groups of LANES lanes in turn. A term may be wider than the result.
//
// y = the sum with this step's x, in the same cycle; behind the `last` step of a sum it starts anew, which costs less
// than to leave it out with the first. `next`: the following step belongs to the next group; it does after a last one.
// Nothing happens without `valid`. Latency 0.
module hwflow_accumulate #(
    parameter int LANES     = 1,
    parameter int GROUPS    = 1,
    parameter int IN_WIDTH  = 8,
    parameter bit IN_SIGNED = 1,
    parameter int WIDTH     = 16,
    parameter bit MAXIMUM   = 0,
    parameter bit SIGNED    = 1
) (
    input  logic                      clk,
    input  logic                      rst,
    input  logic                      valid,
    input  logic                      last,
    /* verilator lint_off UNUSEDSIGNAL */  // one group has no next
    input  logic                      next,
    /* verilator lint_on UNUSEDSIGNAL */
    input  logic [LANES*IN_WIDTH-1:0] x,
    output logic [LANES*WIDTH-1:0]    y
);
    localparam int BITS = LANES * WIDTH;
    localparam int COMPARED = (IN_WIDTH > WIDTH ? IN_WIDTH : WIDTH) + 1;
    localparam bit [WIDTH-1:0] START = WIDTH'(MAXIMUM && SIGNED) << (WIDTH - 1);  // zero, or the least number
    logic [GROUPS*BITS-1:0] sums;  // the group in turn is the lowest

    for (genvar i = 0; i < LANES; i++) begin : g_lane
        /* verilator lint_off UNUSEDSIGNAL */  // the sum may be no wider
        wire signed [IN_WIDTH:0] term = {IN_SIGNED && x[i*IN_WIDTH+IN_WIDTH-1], x[i*IN_WIDTH+:IN_WIDTH]};
        /* verilator lint_on UNUSEDSIGNAL */
        wire [WIDTH-1:0] so_far = sums[i*WIDTH+:WIDTH];
        if (MAXIMUM) begin : g_maximum
            wire signed [WIDTH:0] most = {SIGNED && so_far[WIDTH-1], so_far};
            wire keep = COMPARED'(most) > COMPARED'(term);  // a term may be far below what the greatest can be
            assign y[i*WIDTH+:WIDTH] = keep ? so_far : WIDTH'(term);
        end else begin : g_sum
            assign y[i*WIDTH+:WIDTH] = so_far + $unsigned(WIDTH'(term));
        end
    end

    wire clear = rst || (valid && last);

    if (GROUPS == 1) begin : g_single
        always_ff @(posedge clk) begin
            if (clear) sums <= {LANES{START}};
            else if (valid) sums <= y;
        end
    end else begin : g_ring
        localparam int REST = (GROUPS - 1) * BITS;
        wire [GROUPS*BITS-1:0] following = next ? {y, sums[GROUPS*BITS-1:BITS]} : {sums[GROUPS*BITS-1:BITS], y};
        always_ff @(posedge clk) begin
            if (clear) sums[REST+:BITS] <= {LANES{START}};
            else if (valid) sums[REST+:BITS] <= following[REST+:BITS];
            if (rst) sums[REST-1:0] <= {(GROUPS - 1) * LANES{START}};
            else if (valid) sums[REST-1:0] <= following[REST-1:0];
        end
    end
endmodule
