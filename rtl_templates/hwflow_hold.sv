// Keeps a value from one `load` to the next. Latency 1.
module hwflow_hold #(
    parameter int WIDTH = 8
) (
    input  logic             clk,
    input  logic             load,
    input  logic [WIDTH-1:0] d,
    output logic [WIDTH-1:0] q
);
    always_ff @(posedge clk) if (load) q <= d;
endmodule
