// Swaps the two outer axes of x (OUTER x INNER x LANES elements): y (INNER x OUTER x LANES). Wires only, latency 0.
module hwflow_interleave #(
    parameter int OUTER = 2,
    parameter int INNER = 2,
    parameter int LANES = 1,
    parameter int WIDTH = 8
) (
    input  logic [OUTER*INNER*LANES*WIDTH-1:0] x,
    output logic [OUTER*INNER*LANES*WIDTH-1:0] y
);
    localparam int BITS = LANES * WIDTH;
    for (genvar o = 0; o < OUTER; o++) begin : g_outer
        for (genvar i = 0; i < INNER; i++) begin : g_inner
            assign y[(i*OUTER+o)*BITS+:BITS] = x[(o*INNER+i)*BITS+:BITS];
        end
    end
endmodule
