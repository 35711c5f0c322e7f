// Carries a value along for CYCLES cycles (at least 4): a ring in memory and an output register. BLOCK: in block RAM,
// which has a register of its own before that one. II = 1, latency CYCLES.
module hwflow_delay #(
    parameter int WIDTH  = 8,
    parameter int CYCLES = 8,
    parameter bit BLOCK  = 0
) (
    input  logic             clk,
    input  logic             rst,
    input  logic [WIDTH-1:0] d,
    output logic [WIDTH-1:0] q
);
    localparam int PLACES = CYCLES - 1 - BLOCK;
    localparam int INDEX  = $clog2(PLACES);
    localparam bit WRAPS  = PLACES == 1 << INDEX;  // by itself
    logic [INDEX-1:0] index;

    if (BLOCK) begin : g_block
        (* ram_style = "block" *) logic [WIDTH-1:0] memory[PLACES];
        logic [WIDTH-1:0] found;
        always_ff @(posedge clk) begin
            memory[index] <= d;
            found         <= memory[index];  // written PLACES cycles ago
            q             <= found;
        end
    end else begin : g_luts
        (* ram_style = "distributed" *) logic [WIDTH-1:0] memory[PLACES];
        always_ff @(posedge clk) begin
            memory[index] <= d;
            q             <= memory[index];
        end
    end

    always_ff @(posedge clk) begin
        if (rst) index <= '0;
        else index <= !WRAPS && index == INDEX'(PLACES - 1) ? '0 : index + 1'b1;
    end
endmodule
