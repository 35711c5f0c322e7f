// The products of dot products: x (HEADS x LANES) with PE vectors w (PE x HEADS x LANES), y (HEADS x PE x LANES).
//
// A matrix-vector unit has one head and its weights as w; attention scores have the keys as w. Latency 0.
module hwflow_dot #(
    parameter int HEADS    = 1,
    parameter int PE       = 1,
    parameter int LANES    = 1,
    parameter int X_WIDTH  = 8,
    parameter bit X_SIGNED = 1,
    parameter int W_WIDTH  = 8,
    parameter bit W_SIGNED = 1,
    parameter int WIDTH    = 16
) (
    input  logic [HEADS*LANES*X_WIDTH-1:0]    x,
    input  logic [PE*HEADS*LANES*W_WIDTH-1:0] w,
    output logic [HEADS*PE*LANES*WIDTH-1:0]   y
);
    for (genvar h = 0; h < HEADS; h++) begin : g_head
        for (genvar p = 0; p < PE; p++) begin : g_pe
            for (genvar l = 0; l < LANES; l++) begin : g_lane
                hwflow_product #(
                    .A_WIDTH(X_WIDTH), .A_SIGNED(X_SIGNED), .B_WIDTH(W_WIDTH), .B_SIGNED(W_SIGNED), .WIDTH(WIDTH)
                ) multiplier (
                    .a(x[(h*LANES+l)*X_WIDTH+:X_WIDTH]),
                    .b(w[((p*HEADS+h)*LANES+l)*W_WIDTH+:W_WIDTH]),
                    .y(y[((h*PE+p)*LANES+l)*WIDTH+:WIDTH])
                );
            end
        end
    end
endmodule
