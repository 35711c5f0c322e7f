// Weights or other constants from a memory, in the order of their use: `word` is the one of this step.
//
// `advance`: the step is done. The next word is read ahead into the output register, so the latency is 0 and the
// memory can be a block RAM, as a large one has to be. FILE: hexadecimal words, for $readmemh.
module hwflow_constants #(
    parameter int WORDS = 2,
    parameter int WIDTH = 8,
    parameter     FILE  = ""
) (
    input  logic             clk,
    input  logic             rst,
    input  logic             advance,
    output logic [WIDTH-1:0] word
);
    localparam int ADDRESS = $clog2(WORDS);
    localparam bit WRAPS   = WORDS == 1 << ADDRESS;  // by itself
    logic [ADDRESS-1:0] address, next;

    always_comb begin
        next = address;
        if (rst) next = '0;
        else if (advance) next = !WRAPS && address == ADDRESS'(WORDS - 1) ? '0 : address + 1'b1;
    end

    always_ff @(posedge clk) address <= next;

    if (WORDS > 128 && WIDTH >= 32) begin : g_block
        (* rom_style = "block" *) logic [WIDTH-1:0] memory[WORDS];
        initial $readmemh(FILE, memory);
        always_ff @(posedge clk) word <= memory[next];
    end else begin : g_any
        logic [WIDTH-1:0] memory[WORDS];
        initial $readmemh(FILE, memory);
        always_ff @(posedge clk) word <= memory[next];
    end
endmodule
