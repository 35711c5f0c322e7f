// The keys (or values) of two frames: one is written token by token while the other is read QUERIES times. With PE 1
// the tokens of a frame for as many passes.
//
// Write: a token a cycle with `write`; after KEYS tokens the other half is in turn.
// Read: steps in the order query, group of PE tokens, part of a token; y holds part e of the PE tokens of the group,
// PE x (WIDTH / PARTS) bits. `read`: the step is done. After QUERIES x KEYS / PE x PARTS steps the other half is in turn.
// The read has no latency; a token can be read in the cycle after its write, with AHEAD in the second.
// AHEAD: the next group is read ahead into registers, so the memories can be block RAM.
module hwflow_token_buffer #(
    parameter int WIDTH   = 8,
    parameter int KEYS    = 4,
    parameter int PE      = 1,
    parameter int PARTS   = 1,
    parameter int QUERIES = 4,
    parameter bit AHEAD   = 0
) (
    input  logic                      clk,
    input  logic                      rst,
    input  logic                      write,
    input  logic [WIDTH-1:0]          token,
    input  logic                      read,
    output logic [PE*WIDTH/PARTS-1:0] y
);
    localparam int GROUPS  = KEYS / PE;
    localparam int PART    = WIDTH / PARTS;
    localparam int ADDRESS = $clog2(2 * GROUPS);
    localparam int BANK    = PE > 1 ? $clog2(PE) : 1;
    localparam int INDEX   = PARTS > 1 ? $clog2(PARTS) : 1;
    localparam int QUERY   = QUERIES > 1 ? $clog2(QUERIES) : 1;
    localparam logic [ADDRESS-1:0] HALF = ADDRESS'(GROUPS);
    localparam logic [ADDRESS-1:0] LAST = ADDRESS'(2 * GROUPS - 1);

    logic [ADDRESS-1:0] to, from, next;
    logic [BANK-1:0]    bank;
    logic [INDEX-1:0]   part;
    logic [QUERY-1:0]   query;

    wire bank_last  = PE == 1 || bank == BANK'(PE - 1);
    wire part_last  = PARTS == 1 || part == INDEX'(PARTS - 1);
    wire query_last = QUERIES == 1 || query == QUERY'(QUERIES - 1);
    wire upper      = from >= HALF;
    wire group_last = from == (upper ? LAST : HALF - 1'b1);

    always_comb begin
        next = from;
        if (rst) next = '0;
        else if (read && part_last) begin
            if (!group_last) next = from + 1'b1;
            else next = upper == query_last ? '0 : HALF;
        end
    end

    always_ff @(posedge clk) begin
        from <= next;
        if (rst) begin
            to    <= '0;
            bank  <= '0;
            part  <= '0;
            query <= '0;
        end else begin
            if (write) bank <= bank_last ? '0 : bank + 1'b1;
            if (write && bank_last) to <= to == LAST ? '0 : to + 1'b1;
            if (read) part <= part_last ? '0 : part + 1'b1;
            if (read && part_last && group_last) query <= query_last ? '0 : query + 1'b1;
        end
    end

    for (genvar p = 0; p < PE; p++) begin : g_bank
        logic [WIDTH-1:0] memory[2*GROUPS];
        logic [WIDTH-1:0] word;
        always_ff @(posedge clk) if (write && bank == BANK'(p)) memory[to] <= token;
        if (AHEAD) begin : g_ahead
            always_ff @(posedge clk) word <= memory[next];
        end else begin : g_now
            assign word = memory[from];
        end
        hwflow_part #(.COUNT(PARTS), .WIDTH(PART)) choice (.x(word), .index(part), .y(y[p*PART+:PART]));
    end
endmodule
