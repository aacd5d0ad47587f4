console.log("canvas");
