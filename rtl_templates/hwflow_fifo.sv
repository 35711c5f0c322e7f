// FIFO at the output of a kernel, with the credits of the pipeline that writes it.
//
// Producer side: `room` says that a place is free; `reserve` takes it when a firing starts; `write` fills it when
// the result leaves the pipeline, any number of cycles later. A place counts as used from `reserve` to the read, so
// the pipeline before this FIFO never has to stall. `room` is registered: nothing runs from m_ready to it.
// Consumer side: valid/ready. The first word falls through: written at the end of cycle c, it is seen in c + 1.
// II = 1, latency 1.
module hwflow_fifo #(
    parameter int WIDTH = 8,
    parameter int DEPTH = 2
) (
    input  logic             clk,
    input  logic             rst,
    output logic             room,
    input  logic             reserve,
    input  logic             write,
    input  logic [WIDTH-1:0] wdata,
    output logic             m_valid,
    input  logic             m_ready,
    output logic [WIDTH-1:0] m_data
);
    localparam int COUNT = $clog2(DEPTH + 1);
    /* verilator lint_off UNUSEDSIGNAL */  // with one place nothing but the simulation reads it
    logic [COUNT-1:0] used;  // places, beats in flight included
    /* verilator lint_on UNUSEDSIGNAL */
    logic             read;

    assign read = m_valid && m_ready;

    generate
        if (DEPTH == 1) begin : g_register
            assign used = !room;
            always_ff @(posedge clk) begin
                if (rst) room <= 1'b1;
                else if (reserve != read) room <= read;
                if (rst) m_valid <= 1'b0;
                else m_valid <= write || (m_valid && !read);
                if (write) m_data <= wdata;
            end
        end else begin : g_ring
            localparam int ADDRESS = $clog2(DEPTH);
            localparam logic [ADDRESS-1:0] LAST = ADDRESS'(DEPTH - 1);
            localparam bit WRAPS = DEPTH == 1 << ADDRESS;  // by itself
            logic [WIDTH-1:0]   memory[DEPTH];
            logic [ADDRESS-1:0] head, tail;
            logic [COUNT-1:0]   filled;

            assign m_data = memory[head];

            always_ff @(posedge clk) begin
                if (write) memory[tail] <= wdata;
                if (rst) begin
                    used    <= '0;
                    room    <= 1'b1;
                    head    <= '0;
                    tail    <= '0;
                    filled  <= '0;
                    m_valid <= 1'b0;
                end else begin
                    used <= used + COUNT'(reserve) - COUNT'(read);
                    if (reserve != read) room <= !reserve || used != COUNT'(DEPTH - 1);
                    if (write) tail <= !WRAPS && tail == LAST ? '0 : tail + 1'b1;
                    if (read) head <= !WRAPS && head == LAST ? '0 : head + 1'b1;
                    filled  <= filled + COUNT'(write) - COUNT'(read);
                    m_valid <= write || filled > COUNT'(read);
                end
            end
        end
    endgenerate
endmodule
