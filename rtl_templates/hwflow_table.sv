// y = table[x] in LANES lanes: any function of a number, as data. x is the address, its bits as they are. Latency 0.
module hwflow_table #(
    parameter int LANES   = 1,
    parameter int ADDRESS = 8,
    parameter int WIDTH   = 8,
    parameter     FILE    = ""
) (
    input  logic [LANES*ADDRESS-1:0] x,
    output logic [LANES*WIDTH-1:0]   y
);
    for (genvar i = 0; i < LANES; i++) begin : g_lane
        // In LUTs, even where the register before it would be that of a block RAM.
`ifdef YOSYS
        (* logic_block *)
`else
        (* rom_style = "distributed" *)
`endif
        logic [WIDTH-1:0] memory[2**ADDRESS];
        initial $readmemh(FILE, memory);
        assign y[i*WIDTH+:WIDTH] = memory[x[i*ADDRESS+:ADDRESS]];
    end
endmodule
