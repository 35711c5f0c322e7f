// Gives every beat to two readers.
module k1_fork #(
    parameter int DEPTH0 = 2,
    parameter int DEPTH1 = 8
) (
    input  logic        clk,
    input  logic        rst,
    input  logic        s_valid,
    output logic        s_ready,
    input  logic [15:0] s_data,
    output logic        m0_valid,
    input  logic        m0_ready,
    output logic [15:0] m0_data,
    output logic        m1_valid,
    input  logic        m1_ready,
    output logic [15:0] m1_data
);
    logic room0, room1, start;
    assign start = s_valid && room0 && room1;
    assign s_ready = start;

    hwflow_fifo #(.WIDTH(16), .DEPTH(DEPTH0)) fifo0 (
        .clk, .rst, .room(room0), .reserve(start), .write(start), .wdata(s_data),
        .m_valid(m0_valid), .m_ready(m0_ready), .m_data(m0_data)
    );
    hwflow_fifo #(.WIDTH(16), .DEPTH(DEPTH1)) fifo1 (
        .clk, .rst, .room(room1), .reserve(start), .write(start), .wdata(s_data),
        .m_valid(m1_valid), .m_ready(m1_ready), .m_data(m1_data)
    );
endmodule
