// y = 4 * ((x + 1) + the sum of (x + 1) over the frame), in beats of two elements.
module hwflow_top (
    input  logic        aclk,
    input  logic        aresetn,
    input  logic [15:0] s_axis_tdata,
    input  logic        s_axis_tvalid,
    output logic        s_axis_tready,
    input  logic        s_axis_tlast,
    output logic [23:0] m_axis_tdata,
    output logic        m_axis_tvalid,
    input  logic        m_axis_tready,
    output logic        m_axis_tlast
);
    localparam int BEATS = 4;
    logic clk, rst;
    assign clk = aclk;
    assign rst = !aresetn;

    logic input_valid, input_ready, a_valid, a_ready, b_valid, b_ready, c_valid, c_ready;
    logic d_valid, d_ready, e_valid, e_ready, room, accept, unused;
    logic [15:0] input_data, a_data, b_data, c_data, d_data, e_data;
    logic [19:0] output_data;
    logic [1:0] beat;

    assign unused = s_axis_tlast;
    assign s_axis_tready = room;
    assign accept = s_axis_tvalid && room;
    hwflow_fifo #(.WIDTH(16), .DEPTH(2)) input_fifo (
        .clk, .rst, .room, .reserve(accept), .write(accept), .wdata(s_axis_tdata),
        .m_valid(input_valid), .m_ready(input_ready), .m_data(input_data)
    );
    k0_add_one #(.DEPTH(5)) k0_add_one (
        .clk, .rst, .s_valid(input_valid), .s_ready(input_ready), .s_data(input_data),
        .m_valid(a_valid), .m_ready(a_ready), .m_data(a_data)
    );
    k1_fork #(.DEPTH0(2), .DEPTH1(8)) k1_fork (
        .clk, .rst, .s_valid(a_valid), .s_ready(a_ready), .s_data(a_data),
        .m0_valid(b_valid), .m0_ready(b_ready), .m0_data(b_data),
        .m1_valid(c_valid), .m1_ready(c_ready), .m1_data(c_data)
    );
    k2_total #(.BEATS(BEATS), .DEPTH(2)) k2_total (
        .clk, .rst, .s_valid(b_valid), .s_ready(b_ready), .s_data(b_data),
        .m_valid(d_valid), .m_ready(d_ready), .m_data(d_data)
    );
    k3_join #(.DEPTH(3)) k3_join (
        .clk, .rst, .s0_valid(c_valid), .s0_ready(c_ready), .s0_data(c_data),
        .s1_valid(d_valid), .s1_ready(d_ready), .s1_data(d_data),
        .m_valid(e_valid), .m_ready(e_ready), .m_data(e_data)
    );
    k4_times_four #(.DEPTH(2)) k4_times_four (
        .clk, .rst, .s_valid(e_valid), .s_ready(e_ready), .s_data(e_data),
        .m_valid(m_axis_tvalid), .m_ready(m_axis_tready), .m_data(output_data)
    );

    assign m_axis_tdata = {4'd0, output_data};
    assign m_axis_tlast = beat == 2'(BEATS - 1);
    always_ff @(posedge clk) begin
        if (rst) beat <= '0;
        else if (m_axis_tvalid && m_axis_tready) beat <= beat + 1'b1;
    end
endmodule
