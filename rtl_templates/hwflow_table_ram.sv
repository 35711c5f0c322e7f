// y = table[x] in LANES lanes, as hwflow_table, with a register at the output: fit for a block RAM. Latency 1.
module hwflow_table_ram #(
    parameter int LANES   = 1,
    parameter int ADDRESS = 10,
    parameter int WIDTH   = 8,
    parameter     FILE    = ""
) (
    input  logic                     clk,
    input  logic [LANES*ADDRESS-1:0] x,
    output logic [LANES*WIDTH-1:0]   y
);
    for (genvar i = 0; i < LANES; i++) begin : g_lane
        logic [WIDTH-1:0] memory[2**ADDRESS];
        initial $readmemh(FILE, memory);
        always_ff @(posedge clk) y[i*WIDTH+:WIDTH] <= memory[x[i*ADDRESS+:ADDRESS]];
    end
endmodule
