// y = a * b in LANES lanes. Latency 0.
module hwflow_multiply #(
    parameter int LANES    = 1,
    parameter int A_WIDTH  = 8,
    parameter bit A_SIGNED = 1,
    parameter int B_WIDTH  = 8,
    parameter bit B_SIGNED = 1,
    parameter int WIDTH    = 16
) (
    input  logic [LANES*A_WIDTH-1:0] a,
    input  logic [LANES*B_WIDTH-1:0] b,
    output logic [LANES*WIDTH-1:0]   y
);
    for (genvar i = 0; i < LANES; i++) begin : g_lane
        hwflow_product #(
            .A_WIDTH(A_WIDTH), .A_SIGNED(A_SIGNED), .B_WIDTH(B_WIDTH), .B_SIGNED(B_SIGNED), .WIDTH(WIDTH)
        ) multiplier (
            .a(a[i*A_WIDTH+:A_WIDTH]), .b(b[i*B_WIDTH+:B_WIDTH]), .y(y[i*WIDTH+:WIDTH])
        );
    end
endmodule
