// y = min(max(x, LOW), HIGH) in LANES lanes; ReLU has LOW = 0. Latency 0.
module hwflow_clamp #(
    parameter int                   LANES     = 1,
    parameter int                   IN_WIDTH  = 8,
    parameter bit                   IN_SIGNED = 1,
    parameter int                   WIDTH     = 8,
    parameter bit                   HAS_LOW   = 1,
    parameter bit                   HAS_HIGH  = 0,
    parameter logic signed [IN_WIDTH:0] LOW   = '0,
    parameter logic signed [IN_WIDTH:0] HIGH  = '0
) (
    input  logic [LANES*IN_WIDTH-1:0] x,
    output logic [LANES*WIDTH-1:0]    y
);
    for (genvar i = 0; i < LANES; i++) begin : g_lane
        wire signed [IN_WIDTH:0] value = {IN_SIGNED && x[i*IN_WIDTH+IN_WIDTH-1], x[i*IN_WIDTH+:IN_WIDTH]};
        wire low = LOW == 0 ? value[IN_WIDTH] : value < LOW;  // the sign, without a carry chain
        wire signed [IN_WIDTH:0] lifted = HAS_LOW && low ? LOW : value;
        /* verilator lint_off UNUSEDSIGNAL */  // the limits leave it no other bits
        wire signed [IN_WIDTH:0] limited = HAS_HIGH && lifted > HIGH ? HIGH : lifted;
        /* verilator lint_on UNUSEDSIGNAL */
        assign y[i*WIDTH+:WIDTH] = WIDTH'(limited);
    end
endmodule
