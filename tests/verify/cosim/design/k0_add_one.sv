// Adds one to both elements: three registers, then the FIFO.
module k0_add_one #(
    parameter int DEPTH = 5
) (
    input  logic        clk,
    input  logic        rst,
    input  logic        s_valid,
    output logic        s_ready,
    input  logic [15:0] s_data,
    output logic        m_valid,
    input  logic        m_ready,
    output logic [15:0] m_data
);
    logic room, start;
    logic [2:0] valid;
    logic [15:0] first, second, third;

    assign start = s_valid && room;
    assign s_ready = start;

    always_ff @(posedge clk) begin
        valid <= rst ? '0 : {valid[1:0], start};
        first <= {s_data[15:8] + 8'd1, s_data[7:0] + 8'd1};
        second <= first;
        third <= second;
    end

    hwflow_fifo #(.WIDTH(16), .DEPTH(DEPTH)) fifo0 (
        .clk, .rst, .room, .reserve(start), .write(valid[2]), .wdata(third), .m_valid, .m_ready, .m_data
    );
endmodule
