// y = a * b, of two numbers that are signed or not each. Latency 0.
module hwflow_product #(
    parameter int A_WIDTH  = 8,
    parameter bit A_SIGNED = 1,
    parameter int B_WIDTH  = 8,
    parameter bit B_SIGNED = 1,
    parameter int WIDTH    = 16
) (
    input  logic [A_WIDTH-1:0] a,
    input  logic [B_WIDTH-1:0] b,
    output logic [WIDTH-1:0]   y
);
    if (A_SIGNED && B_SIGNED) begin : g_signed
        wire signed [A_WIDTH-1:0] p = a;
        wire signed [B_WIDTH-1:0] q = b;
        wire signed [WIDTH-1:0] product = WIDTH'(p) * WIDTH'(q);
        assign y = product;
    end else if (!A_SIGNED && !B_SIGNED) begin : g_unsigned
        assign y = WIDTH'(a) * WIDTH'(b);
    end else begin : g_mixed
        wire signed [A_WIDTH:0] p = {A_SIGNED && a[A_WIDTH-1], a};
        wire signed [B_WIDTH:0] q = {B_SIGNED && b[B_WIDTH-1], b};
        wire signed [WIDTH-1:0] product = WIDTH'(p) * WIDTH'(q);
        assign y = product;
    end
endmodule
