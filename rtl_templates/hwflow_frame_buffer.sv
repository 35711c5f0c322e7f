// Two frames of TOKENS tokens: one is written token by token while the other is read PASSES times.
//
// Write: a token a cycle with `write`; after TOKENS tokens the other half is in turn.
// Read: y is the part of a token of this step, PARTS a token, one token after the other; `read`: the step is done.
// The next token is read ahead into a register, so the read has no latency and the memory can be a block RAM; a token
// can be read in the second cycle after its write.
module hwflow_frame_buffer #(
    parameter int WIDTH  = 8,
    parameter int TOKENS = 4,
    parameter int PARTS  = 1,
    parameter int PASSES = 2
) (
    input  logic                   clk,
    input  logic                   rst,
    input  logic                   write,
    input  logic [WIDTH-1:0]       token,
    input  logic                   read,
    output logic [WIDTH/PARTS-1:0] y
);
    localparam int STEP    = WIDTH / PARTS;
    localparam int ADDRESS = $clog2(2 * TOKENS);
    localparam int INDEX   = PARTS > 1 ? $clog2(PARTS) : 1;
    localparam int PASS    = PASSES > 1 ? $clog2(PASSES) : 1;
    localparam logic [ADDRESS-1:0] HALF = ADDRESS'(TOKENS);
    localparam logic [ADDRESS-1:0] LAST = ADDRESS'(2 * TOKENS - 1);

    logic [WIDTH-1:0]   memory[2*TOKENS];
    logic [WIDTH-1:0]   word;
    logic [ADDRESS-1:0] to, from, next;
    logic [INDEX-1:0]   part;
    logic [PASS-1:0]    pass;

    wire part_last  = part == INDEX'(PARTS - 1);
    wire upper      = from >= HALF;
    wire token_last = from == (upper ? LAST : HALF - 1'b1);
    wire pass_last  = pass == PASS'(PASSES - 1);

    always_comb begin
        next = from;
        if (rst) next = '0;
        else if (read && part_last) begin
            if (!token_last) next = from + 1'b1;
            else next = upper == pass_last ? '0 : HALF;
        end
    end

    always_ff @(posedge clk) begin
        from <= next;
        word <= memory[next];
        if (write) memory[to] <= token;
        if (rst) begin
            to   <= '0;
            part <= '0;
            pass <= '0;
        end else begin
            if (write) to <= to == LAST ? '0 : to + 1'b1;
            if (read) part <= part_last ? '0 : part + 1'b1;
            if (read && part_last && token_last) pass <= pass_last ? '0 : pass + 1'b1;
        end
    end

    hwflow_part #(.COUNT(PARTS), .WIDTH(STEP)) choice (.x(word), .index(part), .y(y));
endmodule
