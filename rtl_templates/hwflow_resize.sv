// The same integers with another width, LANES lanes, moved up by SHIFT bits. Wires only, latency 0.
module hwflow_resize #(
    parameter int LANES     = 1,
    parameter int IN_WIDTH  = 8,
    parameter bit IN_SIGNED = 1,
    parameter int WIDTH     = 16,
    parameter int SHIFT     = 0
) (
    input  logic [LANES*IN_WIDTH-1:0] x,
    output logic [LANES*WIDTH-1:0]    y
);
    for (genvar i = 0; i < LANES; i++) begin : g_lane
        if (IN_SIGNED) begin : g_signed
            /* verilator lint_off UNUSEDSIGNAL */  // it may get narrower
            wire signed [IN_WIDTH-1:0] value = x[i*IN_WIDTH+:IN_WIDTH];
            /* verilator lint_on UNUSEDSIGNAL */
            assign y[i*WIDTH+:WIDTH] = WIDTH'(value) << SHIFT;
        end else begin : g_unsigned
            assign y[i*WIDTH+:WIDTH] = WIDTH'(x[i*IN_WIDTH+:IN_WIDTH]) << SHIFT;
        end
    end
endmodule
