// Carries a value along for CYCLES cycles (at least 3): a ring in memory and an output register.
// II = 1, latency CYCLES.
module hwflow_delay #(
    parameter int WIDTH  = 8,
    parameter int CYCLES = 8
) (
    input  logic             clk,
    input  logic             rst,
    input  logic [WIDTH-1:0] d,
    output logic [WIDTH-1:0] q
);
    localparam int PLACES = CYCLES - 1;
    localparam int INDEX  = $clog2(PLACES);
    localparam bit WRAPS  = PLACES == 1 << INDEX;  // by itself
    logic [WIDTH-1:0] memory[PLACES];
    logic [INDEX-1:0] index;

    always_ff @(posedge clk) begin
        memory[index] <= d;
        q             <= memory[index];  // written PLACES cycles ago
        if (rst) index <= '0;
        else index <= !WRAPS && index == INDEX'(PLACES - 1) ? '0 : index + 1'b1;
    end
endmodule
