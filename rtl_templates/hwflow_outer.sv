// The products of weighted sums: p (HEADS x PE) with PE vectors v (PE x HEADS x LANES), y (HEADS x LANES x PE).
//
// The context of attention has probabilities as p and values as v. Latency 0.
module hwflow_outer #(
    parameter int HEADS    = 1,
    parameter int PE       = 1,
    parameter int LANES    = 1,
    parameter int P_WIDTH  = 8,
    parameter bit P_SIGNED = 1,
    parameter int V_WIDTH  = 8,
    parameter bit V_SIGNED = 1,
    parameter int WIDTH    = 16
) (
    input  logic [HEADS*PE*P_WIDTH-1:0]       p,
    input  logic [PE*HEADS*LANES*V_WIDTH-1:0] v,
    output logic [HEADS*LANES*PE*WIDTH-1:0]   y
);
    for (genvar h = 0; h < HEADS; h++) begin : g_head
        for (genvar s = 0; s < PE; s++) begin : g_pe
            for (genvar l = 0; l < LANES; l++) begin : g_lane
                hwflow_product #(
                    .A_WIDTH(P_WIDTH), .A_SIGNED(P_SIGNED), .B_WIDTH(V_WIDTH), .B_SIGNED(V_SIGNED), .WIDTH(WIDTH)
                ) multiplier (
                    .a(p[(h*PE+s)*P_WIDTH+:P_WIDTH]),
                    .b(v[((s*HEADS+h)*LANES+l)*V_WIDTH+:V_WIDTH]),
                    .y(y[((h*LANES+l)*PE+s)*WIDTH+:WIDTH])
                );
            end
        end
    end
endmodule
