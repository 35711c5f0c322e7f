// Adds two streams: one register, then the FIFO.
module k3_join #(
    parameter int DEPTH = 3
) (
    input  logic        clk,
    input  logic        rst,
    input  logic        s0_valid,
    output logic        s0_ready,
    input  logic [15:0] s0_data,
    input  logic        s1_valid,
    output logic        s1_ready,
    input  logic [15:0] s1_data,
    output logic        m_valid,
    input  logic        m_ready,
    output logic [15:0] m_data
);
    logic room, start, valid;
    logic [15:0] sum;

    assign start = s0_valid && s1_valid && room;
    assign s0_ready = start;
    assign s1_ready = start;

    always_ff @(posedge clk) begin
        valid <= !rst && start;
        sum <= {s0_data[15:8] + s1_data[15:8], s0_data[7:0] + s1_data[7:0]};
    end

    hwflow_fifo #(.WIDTH(16), .DEPTH(DEPTH)) fifo0 (
        .clk, .rst, .room, .reserve(start), .write(valid), .wdata(sum), .m_valid, .m_ready, .m_data
    );
endmodule
