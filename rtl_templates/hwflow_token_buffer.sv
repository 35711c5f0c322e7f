// The keys (or values) of two frames: one is written token by token while the other is read.
//
// Write: a token a cycle with `write`; after KEYS tokens the other half is in turn.
// Read: steps in the order query, group of PE tokens, part of a token; y holds part e of the PE tokens of the group,
// PE x (WIDTH / PARTS) bits. `read`: the step is done. After QUERIES x KEYS / PE x PARTS steps the other half is in turn.
// The read has no latency; a token can be read in the cycle after its write.
module hwflow_token_buffer #(
    parameter int WIDTH   = 8,
    parameter int KEYS    = 4,
    parameter int PE      = 1,
    parameter int PARTS   = 1,
    parameter int QUERIES = 4
) (
    input  logic                      clk,
    input  logic                      rst,
    input  logic                      write,
    input  logic [WIDTH-1:0]          token,
    input  logic                      read,
    output logic [PE*WIDTH/PARTS-1:0] y
);
    localparam int GROUPS = KEYS / PE;
    localparam int PART   = WIDTH / PARTS;
    localparam int GROUP  = GROUPS > 1 ? $clog2(GROUPS) : 1;
    localparam int BANK   = PE > 1 ? $clog2(PE) : 1;
    localparam int E      = PARTS > 1 ? $clog2(PARTS) : 1;

    localparam int QUERY  = QUERIES > 1 ? $clog2(QUERIES) : 1;

    logic [BANK-1:0]  write_bank;
    logic [GROUP-1:0] write_group, group;
    logic [E-1:0]     part;
    logic [QUERY-1:0] query;
    logic             write_half, half;

    wire bank_last  = PE == 1 || write_bank == BANK'(PE - 1);
    wire write_last = GROUPS == 1 || write_group == GROUP'(GROUPS - 1);
    wire part_last  = PARTS == 1 || part == E'(PARTS - 1);
    wire group_last = GROUPS == 1 || group == GROUP'(GROUPS - 1);
    wire query_last = QUERIES == 1 || query == QUERY'(QUERIES - 1);

    always_ff @(posedge clk) begin
        if (rst) begin
            write_bank  <= '0;
            write_group <= '0;
            write_half  <= 1'b0;
        end else if (write) begin
            write_bank <= bank_last ? '0 : write_bank + 1'b1;
            if (bank_last) write_group <= write_last ? '0 : write_group + 1'b1;
            if (bank_last && write_last) write_half <= !write_half;
        end
    end

    always_ff @(posedge clk) begin
        if (rst) begin
            part  <= '0;
            group <= '0;
            query <= '0;
            half  <= 1'b0;
        end else if (read) begin
            part <= part_last ? '0 : part + 1'b1;
            if (part_last) group <= group_last ? '0 : group + 1'b1;
            if (part_last && group_last) query <= query_last ? '0 : query + 1'b1;
            if (part_last && group_last && query_last) half <= !half;
        end
    end

    for (genvar p = 0; p < PE; p++) begin : g_bank
        logic [WIDTH-1:0] memory[2*GROUPS];
        logic [WIDTH-1:0] found;
        if (GROUPS == 1) begin : g_pair
            assign found = memory[half];
            always_ff @(posedge clk) if (write && write_bank == BANK'(p)) memory[write_half] <= token;
        end else begin : g_many
            localparam int ADDRESS = $clog2(2 * GROUPS);
            wire [ADDRESS-1:0] to   = ADDRESS'(write_group) + (write_half ? ADDRESS'(GROUPS) : '0);
            wire [ADDRESS-1:0] from = ADDRESS'(group) + (half ? ADDRESS'(GROUPS) : '0);
            assign found = memory[from];
            always_ff @(posedge clk) if (write && write_bank == BANK'(p)) memory[to] <= token;
        end
        hwflow_part #(.COUNT(PARTS), .WIDTH(PART)) choice (.x(found), .index(part), .y(y[p*PART+:PART]));
    end
endmodule
